# SPDX-License-Identifier: MIT
import logging, unittest
logging.basicConfig(); logging.warning('w')
class T(unittest.TestCase):
    def test(self): self.assertEqual(1,1)
unittest.main()
