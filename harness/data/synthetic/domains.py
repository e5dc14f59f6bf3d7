"""The clinical vocabulary by domain: what is treated, how it shows, with what, by which procedure.

Terms stand in falling order of frequency, in bokmål; `clinical = lay` gives the patient's own word.
A term's domain and kind decide many labels of the generated tasks, and the clinical corpus shows
every term beside others of its domain: that is the knowledge which pre-training can carry over.
"""

from harness.data.synthetic.domain import KINDS, Domain
from harness.data.synthetic.domains_first import FIRST
from harness.data.synthetic.domains_second import SECOND

__all__ = ["DOMAINS", "KINDS", "Domain"]

DOMAINS = (*FIRST, *SECOND)
