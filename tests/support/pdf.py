# SPDX-License-Identifier: Apache-2.0
"""PDFs, whole and hostile, written by hand: what a test needs of one stands in a line."""
import zlib


def of_objects(objects):
    """A document of these objects, numbered from 1; the first one is the catalog."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))


def stream(data, more=b""):
    packed = zlib.compress(data)
    return b"<< /Length %d /Filter /FlateDecode %s >>\nstream\n%s\nendstream" % (len(packed), more, packed)


def document(contents, box=(595, 842), resources=b"", more=()):
    """A page for each content; `more` are further objects, from number 4 + 2 × pages on."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(contents)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents)),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    for n, content in enumerate(contents):
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Resources << /Font << /F 3 0 R >> %s >> /Contents %d 0 R >>"
                       % (*box, resources, 5 + 2 * n))
        objects.append(stream(content))
    return of_objects(objects + list(more))


def line(text):
    return b"BT /F 24 Tf 72 700 Td (%s) Tj ET" % text.encode()


def plain(pages=2):
    return document([line(f"Figures of quarter {n + 1}") for n in range(pages)])


def doubling(levels=40):
    """Forms each of which paints the next one twice: 2^levels rectangles in a few KiB."""
    forms = [stream(b"/X Do /X Do" if n < levels else b"0 0 9 9 re f",
                    b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>" % (7 + n))
             for n in range(levels + 1)]
    return document([b"/X Do"], resources=b"/XObject << /X 6 0 R >>", more=forms)


# What should do harm, and is answered at once all the same: by a page, or by a sentence.
HOSTILE = {
    "a form that paints itself": document([b"/X Do"], resources=b"/XObject << /X 6 0 R >>", more=[
        stream(b"/X Do /X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>")]),
    "pages that are their own parents": of_objects([
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>"]),
    "a picture of a terabyte": document([b"q 9 0 0 9 0 0 cm /X Do Q"], resources=b"/XObject << /X 6 0 R >>", more=[
        stream(bytes(1 << 20), b"/Type /XObject /Subtype /Image /Width 1000000 /Height 1000000 /ColorSpace /DeviceRGB /BitsPerComponent 8")]),
    "arrays within arrays": of_objects([b"<< /Type /Catalog /Pages " + b"[" * 500000 + b" >>"]),
    "a page as wide as a country": document([line("x")], box=(999999, 1)),
    "a page that has no size": document([line("x")], box=(0, 0)),
    "half of one": plain()[:400],
    "a head and nothing": b"%PDF-1.7\n",
    "a script, and a program to start": of_objects([
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> /AA << /WC << /S /Launch /F (/bin/sh) >> >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>"]),
    "a file of this machine": document([b"/X Do"], resources=b"/XObject << /X 6 0 R >>", more=[
        b"<< /Type /XObject /Subtype /Image /Width 9 /Height 9 /ColorSpace /DeviceGray /BitsPerComponent 8 /F (/etc/passwd) /Length 0 >>\n"
        b"stream\n\nendstream"]),
}
