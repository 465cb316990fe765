"""The generator of random numbers that one seed starts in scikit-learn too."""


class Stream:
    """Random numbers: Marsaglia's xorshift (13, 17, 5) with 32 bits, of which 31 are handed out."""

    def __init__(self, seed):
        self.state = seed or 1

    def draw(self):
        x = self.state
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self.state = x
        return x % 2**31

    def integer(self, low, high):
        return low + self.draw() % (high - low)

    def uniform(self, low, high):
        return (high - low) * self.draw() / (2**31 - 1) + low
