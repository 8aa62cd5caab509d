"""The way to a hub, for its clients and for a hub that asks another: certificates, proxies, and what went wrong."""
