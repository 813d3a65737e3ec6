"""Forms of the ground floor: is the input well-formed?"""
