"""What other folders may use of the gateway."""

from central.gateway.limits import RateLimits, guess_limited, install

__all__ = ["RateLimits", "guess_limited", "install"]
