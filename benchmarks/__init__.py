"""Goals of speed (DESIGN 9), each a ratio to a yardstick measured in the same run: `make bench`."""
