"""callscribe: a transcription server for calls on Azure Communication Services."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("callscribe")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0+source"
