"""ConvNeXt: four stages of depthwise convolutions and MLPs."""
