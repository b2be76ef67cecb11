"""How a loop becomes machine code: the decorator of all kernels, and where the code is kept."""
