"""The errors a person can cause and mend."""


class UserError(ValueError):
    """Something a person can put right: the text says what, with the value, then what to do."""


class PassingError(UserError):
    """A trouble that may pass by itself, such as a busy server: the same command may do later (status 75)."""
