"""A dataset's records in; its datasheet, contact sheets and plots out."""
