"""The families of mistakes, one small file each."""
