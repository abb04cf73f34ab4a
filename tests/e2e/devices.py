"""Gives a person trusted devices until they have so many: copies of one that they have.

    python devices.py DATABASE EMAIL COUNT
"""

import sqlite3
import sys

database, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
connection = sqlite3.connect(database, timeout=20)
connection.row_factory = sqlite3.Row
with connection:
    rows = connection.execute(
        "SELECT d.* FROM devices d JOIN users u ON u.id = d.user_id WHERE u.email = ? AND d.state = 'trusted'",
        (address,),
    ).fetchall()
    columns = rows[0].keys()
    for n in range(len(rows), count):
        copy = dict(rows[0])
        # As long as a thumbprint is.
        copy["id"] = f"{n:03}" + copy["id"][3:]
        copy["name"] = f"Device {n}"
        copy["name_key"] = f"device {n}"
        places = ", ".join("?" for _ in columns)
        connection.execute(
            f"INSERT INTO devices ({', '.join(columns)}) VALUES ({places})",
            [copy[column] for column in columns],
        )
connection.close()
