"""Where bytes come from: the web, compressed files, cells of tables; with limits, for decoders and jobs alike."""
