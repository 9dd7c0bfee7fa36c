"""How long to wait before another attempt. Pure."""


def backoff_seconds(attempt: int, *, chance: float, base: float, cap: float) -> float:
    """Full jitter: anywhere between nothing and a bound that doubles with each attempt (from 0) up to `cap`.

    `chance` is uniform in [0, 1). Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    # 2**64 seconds are more than any cap, and a float does not overflow there.
    return chance * min(cap, base * 2.0 ** min(max(attempt, 0), 64))
