"""Calling an answer and watching what it does: its outputs, its work, its operators, its
devices.
"""
