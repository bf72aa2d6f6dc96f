"""Files that may come from elsewhere in; their values out, within limits that no file can raise."""
