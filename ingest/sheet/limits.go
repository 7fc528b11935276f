package sheet

// Limits. A file that breaks one is refused by name, so that no input can exhaust the machine.
const (
	maxCell     = 1 << 20  // bytes of text in a cell
	maxRecord   = 8 << 20  // bytes of text in a CSV record
	maxColumns  = 10_000   // cells in a CSV record
	maxBadRows  = 100_000  // rows that cannot be staged; more are a wrong file, not faulty rows
	maxBadBytes = 64 << 20 // text of those rows

	maxParts      = 2_000     // parts of a workbook
	maxUnpacked   = 1 << 30   // bytes of all parts unpacked
	maxRatio      = 200       // unpacked to packed, for parts above ratioFloor
	ratioFloor    = 10 << 20  // bytes
	maxStrings    = 256 << 20 // bytes of shared strings
	maxStyles     = 1 << 16   // cell formats of a workbook
	maxMerges     = 1 << 17   // merged areas of a sheet
	maxDepth      = 64        // nested XML elements
	maxToken      = 2 << 20   // bytes of one XML tag or text
	maxAttributes = 256       // attributes of one XML element
	maxSheetRow   = 1_048_576
	maxSheetCol   = 16_384

	maxMembers      = 1_000     // files in a zip archive
	maxPackedText   = 64 << 30  // bytes of a packed file, or of all members of an archive, unpacked; they are read as they come
	maxSpooled      = 16 << 30  // bytes of a packed file that must be copied to disk first; a workbook: maxUnpacked
	maxPackingRatio = 500       // unpacked to packed, above ratioFloor; real tables reach 20, those that repeat one row 300, bombs 1,000
	maxWindow       = 128 << 20 // bytes that zstd may look back

	maxFields   = 2_000   // fields of a JSON file
	maxJSONDeep = 64      // objects and lists in each other, in a record
	maxShown    = 4 << 10 // bytes shown of a record that is not JSON

	headRows  = 30      // rows given for finding the header
	blockSize = 1 << 20 // bytes read and written at once
)
