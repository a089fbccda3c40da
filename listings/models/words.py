"""The words that listings say, from which typing errors are mended."""

from django.db import models


class SearchWord(models.Model):
    """A word of at least three letters, lower case, that some listing said when it was saved.

    It may be there no longer: whoever suggests a word looks first whether it finds anything.
    """

    word = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.word
