"""Models that the world has published, as data: in and outside any hub, with sizes, licences and published scores."""
