"""From what a user wrote (a name on a model hub, ``name@revision``, a folder) to checked files on this machine."""
