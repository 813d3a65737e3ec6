"""The editor of a draft. Every operation is a form that works by itself; the script only saves going back and forth."""
