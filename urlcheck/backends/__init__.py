"""Where targets are checked: this event loop, other processes, a Dask cluster; and the coordinator that divides the work."""
