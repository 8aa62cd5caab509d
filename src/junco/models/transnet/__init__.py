"""TransNet V2: small frames → where shots end."""
