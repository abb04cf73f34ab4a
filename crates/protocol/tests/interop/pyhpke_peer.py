"""The other side of ../it/pyhpke.rs: HPKE by pyhpke, an implementation that shares
no code with ours. Reads one JSON object from standard input, of hexadecimal texts
and JSON Web Keys, and writes one:

  {"do": "open", "recipient": JWK (private), "sender": JWK (public), "enc", "info",
   "aad", "text"} -> {"text"}
  {"do": "seal", "recipient": JWK (public), "sender": JWK (private), "info", "aad",
   "text"} -> {"enc", "text"}
"""

import json
import sys

from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

suite = CipherSuite.new(KEMId.DHKEM_P256_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
ask = json.load(sys.stdin)
recipient, sender = KEMKey.from_jwk(ask["recipient"]), KEMKey.from_jwk(ask["sender"])
info, aad, text = (bytes.fromhex(ask[name]) for name in ("info", "aad", "text"))
if ask["do"] == "open":
    context = suite.create_recipient_context(bytes.fromhex(ask["enc"]), recipient, info=info, pks=sender)
    answer = {"text": context.open(text, aad=aad).hex()}
else:
    enc, context = suite.create_sender_context(recipient, info=info, sks=sender)
    answer = {"enc": enc.hex(), "text": context.seal(text, aad=aad).hex()}
json.dump(answer, sys.stdout)
