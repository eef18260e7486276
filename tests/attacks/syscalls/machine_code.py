# SPDX-License-Identifier: MIT
"""What an interpreter does not offer a program writes itself: machine code with a denied call in it."""

import ctypes
import mmap

import attack

UNSHARE_NOTHING = b"\xb8\x10\x01\x00\x00\x31\xff\x0f\x05\xc3"  # mov $272, %eax; xor %edi, %edi; syscall; ret

try:
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except OSError as error:
    attack.held(f"memory to execute: {error}")
page.write(UNSHARE_NOTHING)
call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
answer = call()
if answer < 0:
    attack.held(f"unshare: error {-answer}")
attack.breach("machine code made a denied call")
