"""``video-decode``: a video → its frames, each with its time; by PyAV, which brings FFmpeg."""
