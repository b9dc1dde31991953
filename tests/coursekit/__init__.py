"""The figures and widgets of the notebooks, and what they are made of."""
