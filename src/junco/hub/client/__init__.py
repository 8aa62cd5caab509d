"""What talks to a hub: what is pushed, pulled and looked for, with every byte checked."""
