"""Signatures of artefacts, as OpenSSF's model-signing writes them: ``model.sig`` over the digests of all files."""
