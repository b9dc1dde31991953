"""What crosses the wall, and how: frames over a socket, arrays as raw bytes, limits as plain
data.
"""
