"""Regions compared: the map of the country and its list."""
