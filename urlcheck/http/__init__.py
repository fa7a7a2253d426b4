"""HTTP and URLs as the RFCs define them, without I/O."""
