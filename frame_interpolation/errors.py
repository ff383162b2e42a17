"""The one exception for what a user can put right."""


class InputError(ValueError):
    """Bad input: the message says what was found, what was expected and what to do.

    Programs print the message alone and exit with status 1; everything else that is raised is
    a bug and keeps its stack trace.
    """

    # What `program.run` looks for. `atd12k.errors.DatasetError`, which may not import this
    # module, carries the same mark.
    is_user_error = True
