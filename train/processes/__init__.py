"""Who trains together with this process, one process per device."""
