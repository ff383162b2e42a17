"""The one exception for what a user of the dataset can put right."""


class DatasetError(ValueError):
    """The dataset is not as expected: what was found, what was expected and what to do."""

    # What programs look for to print the message alone, without a stack trace.
    is_user_error = True
