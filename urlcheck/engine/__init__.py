"""One event loop: scheduler, dispatcher, workers, repeats, result buffer."""
