"""Write files for the web page of a project: `write_web_files.py FOLDER image|vector|sequence|audio|houses|...`.

Those called bad-* are to be refused. houses, steps, seconds: of the tables that write_houses.py and so on write.
"""

import sys
from pathlib import Path

import numpy as np

folder, kind = Path(sys.argv[1]), sys.argv[2]
folder.mkdir()
x = np.load("tests/sample.npz")["x_test"]  # (100, 28, 28), or (100, samples) of sound

if kind == "image":
    from PIL import Image  # here, because projects for other data do not have it

    for number in (0, 10, 20):
        Image.fromarray(x[number]).save(folder / f"{number}.png")
    large = Image.fromarray(x[30]).resize((301, 201))
    color = Image.merge("RGB", [large, large.rotate(90), large.rotate(180)])
    color.save(folder / "color.png")
    color.save(folder / "color.webp", lossless=True)
    ground = color.convert("RGBA")
    ground.putalpha(large.point(lambda value: 255 * (value > 60)))
    ground.save(folder / "transparent.png")
    turned = Image.Exif()
    turned[0x0112] = 6  # to be rotated
    large.save(folder / "turned.jpg", quality=95, exif=turned)
    whole = (folder / "0.png").read_bytes()
    (folder / "bad-cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "bad-text.png").write_text("no image", encoding="utf-8")
elif kind == "vector":
    np.savetxt(folder / "rows.csv", x[:5].reshape(5, -1), fmt="%d", delimiter=";")
    np.save(folder / "rows.npy", x[5:9].reshape(4, -1))
    np.savetxt(folder / "bad-short.csv", x[:5].reshape(5, -1)[:, 1:], fmt="%d", delimiter=",")
    np.savetxt(folder / "bad-fraction.csv", x[:2].reshape(2, -1) / 255, delimiter=",")
elif kind == "sequence":
    np.savetxt(folder / "one.csv", x[0], fmt="%d", delimiter=",")
    np.save(folder / "several.npy", x[1:5])
    np.savetxt(folder / "bad-short.csv", x[0][:9], fmt="%d", delimiter=",")
    (folder / "bad-text.csv").write_text("a,b\n1,x\n", encoding="utf-8")
elif kind == "audio":
    import soundfile  # as above
    from scipy.signal import resample_poly

    for number in (0, 10, 20):
        soundfile.write(folder / f"{number}.wav", x[number], 8000)
    fine = resample_poly(x[30] / 2**15, 441, 80) / 2
    soundfile.write(folder / "stereo.wav", np.stack([fine, fine[::-1]], axis=1), 44_100, subtype="PCM_24")
    soundfile.write(folder / "long.wav", np.tile(fine, 2).astype(np.float32), 44_100, subtype="FLOAT")
    whole = (folder / "0.wav").read_bytes()
    (folder / "bad-cut.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "bad-text.wav").write_text("no recording", encoding="utf-8")
elif kind == "houses":
    lines = Path("houses.csv").read_text(encoding="utf-8").splitlines()
    (folder / "houses.csv").write_text("\n".join(lines[:40]), encoding="utf-8")
    # Other encoding, separator, order of columns and ends of lines; a new category, and a value far outside.
    import pandas as pd

    table = pd.read_csv("houses.csv", sep=";", dtype=str)[:20].drop(columns="answer")
    table.loc[3, "town"], table.loc[4, "area"] = "Linz", "4e3"
    table = table[table.columns[::-1]]
    table.to_csv(folder / "other.tsv", sep="\t", index=False, encoding="cp1252", lineterminator="\r\n")
    (folder / "bad-columns.csv").write_text("area,rooms\n1,2\n", encoding="utf-8")
    table.assign(fee="1,000.50 €").to_csv(folder / "bad-format.csv", index=False)
elif kind == "steps":
    text = Path("steps.csv").read_text(encoding="utf-8")
    (folder / "steps.csv").write_text(text, encoding="utf-8")
    (folder / "bad-date.csv").write_text(text.replace("2024-01-", "01/"), encoding="utf-8")
    (folder / "bad-empty.csv").write_bytes(b"")
elif kind == "seconds":
    text = Path("seconds.csv").read_text(encoding="utf-8")
    (folder / "seconds.csv").write_text(text, encoding="utf-8")
    (folder / "bad-columns.csv").write_text("a,b\n1,2\n", encoding="utf-8")
