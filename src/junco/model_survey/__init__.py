"""What models there are for a job: published ones, installed ones, those of a hub; what runs here, and how well."""
