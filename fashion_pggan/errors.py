"""The errors a person can cause and mend."""


class UserError(ValueError):
    """Something a person can put right: the text says what, with the value, then what to do."""
