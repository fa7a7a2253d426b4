"""A Dask cluster as backends: one actor in each worker process, with an engine of its own on the worker's event loop."""
