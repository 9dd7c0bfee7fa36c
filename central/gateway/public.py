"""What other folders may use of the gateway."""

from central.gateway.limits import RateLimits, guess_limited, install, one_caller

__all__ = ["RateLimits", "guess_limited", "install", "one_caller"]
