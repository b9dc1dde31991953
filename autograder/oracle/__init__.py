"""The oracle: a service of the Hub that holds the reference, and the client by which ``check`` asks
it.

Challenge and response: the oracle draws inputs, the student's notebook computes on them, the oracle
compares and says right or wrong, where, and which known mistake it is. No value of the reference
ever leaves it."""
