# SPDX-License-Identifier: Apache-2.0
"""AES-256-GCM (FIPS 197, NIST SP 800-38D) in plain Python, for test vectors: slow, and not for
secrets."""


def _multiply(a, b):
    """In GF(2^8) modulo x^8 + x^4 + x^3 + x + 1."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _s_box():
    table = []
    for value in range(256):
        inverse = next((x for x in range(256) if _multiply(x, value) == 1), 0)
        bits = 0x63
        for turn in range(5):
            bits ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
        table.append(bits)
    return table


S_BOX = _s_box()


def _round_keys(key):
    words = [list(key[i : i + 4]) for i in range(0, 32, 4)]
    constant = 1
    while len(words) < 60:
        word = list(words[-1])
        if len(words) % 8 == 0:
            word = [S_BOX[b] for b in word[1:] + word[:1]]
            word[0] ^= constant
            constant = _multiply(constant, 2)
        elif len(words) % 8 == 4:
            word = [S_BOX[b] for b in word]
        words.append([a ^ b for a, b in zip(word, words[-8])])
    return [sum(words[i : i + 4], []) for i in range(0, 60, 4)]


def _mix(column):
    a, b, c, d = column
    return [
        _multiply(2, w) ^ _multiply(3, x) ^ y ^ z
        for w, x, y, z in ((a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c))
    ]


def encrypt_block(key, block):
    """AES-256 of one block of 16 bytes."""
    keys = _round_keys(key)
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number in range(1, 15):
        state = [S_BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < 14:
            state = sum((_mix(state[i : i + 4]) for i in range(0, 16, 4)), [])
        state = [a ^ b for a, b in zip(state, keys[number])]
    return bytes(state)


def _ghash(h, data):
    y = 0
    for i in range(0, len(data), 16):
        y ^= int.from_bytes(data[i : i + 16], "big")
        product, v = 0, h
        for bit in range(127, -1, -1):
            if y >> bit & 1:
                product ^= v
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        y = product
    return y


def _padded(data):
    return data + bytes(-len(data) % 16)


def _counter_mode(key, nonce, data):
    out = b""
    for i in range(0, len(data), 16):
        stream = encrypt_block(key, nonce + (2 + i // 16).to_bytes(4, "big"))
        out += bytes(a ^ b for a, b in zip(data[i : i + 16], stream))
    return out


def seal(key, nonce, associated, plain):
    """Ciphertext and tag."""
    cipher = _counter_mode(key, nonce, plain)
    h = int.from_bytes(encrypt_block(key, bytes(16)), "big")
    lengths = (8 * len(associated)).to_bytes(8, "big") + (8 * len(cipher)).to_bytes(8, "big")
    hashed = _ghash(h, _padded(associated) + _padded(cipher) + lengths)
    mask = int.from_bytes(encrypt_block(key, nonce + b"\0\0\0\1"), "big")
    return cipher + (hashed ^ mask).to_bytes(16, "big")
