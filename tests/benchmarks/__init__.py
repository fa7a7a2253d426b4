"""`make bench`: urlcheck beside its peers, over the same lists, from the same servers, in turn."""
