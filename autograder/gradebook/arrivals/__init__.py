"""Submissions judged as they arrive in the exchange: the verdicts wait for grading, which starts
from them; what students may know of them is a receipt.
"""
