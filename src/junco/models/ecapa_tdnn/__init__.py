"""ECAPA-TDNN out of blocks of sound: who speaks."""
