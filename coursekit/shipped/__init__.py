"""Files that come with the course, and where they are from.

digits.csv.gz: 1,797 handwritten digits, a row each: 8 x 8 numbers from 0 to 16 and the label.
    E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository (1998), CC BY 4.0; its test set, as scikit-learn ships it.
prose.txt: the sentences of this course's notebooks (`python -m docs.prose`).
china.jpg: a photograph by danielbuechele on Flickr, CC BY 2.0, as scikit-learn ships it.
"""

from pathlib import Path

SHIPPED = Path(__file__).parent
"""The folder of the files."""
