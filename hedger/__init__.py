"""hedger: keeps an options book delta-hedged."""

__version__ = "0.1.0"
