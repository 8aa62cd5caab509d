"""The hub: operators and pipelines shared by many people, as folders of data that nothing runs from by itself."""
