"""The pipelines that ship with junco: a YAML file each, named after its pipeline."""
