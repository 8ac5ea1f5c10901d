"""What is wrong with a mail server, or with the way to it, and what to do about it.

Pure: somebody else looks at the servers and hands the facts over.
"""

from hongyan.doctor.certificate import Certificate, read_certificate
from hongyan.doctor.clock import clock_of
from hongyan.doctor.judge import judge
from hongyan.doctor.types import Facts, Finding, Level

__all__ = ["Certificate", "Facts", "Finding", "Level", "clock_of", "judge", "read_certificate"]
