package types

// OIDs of the types that the engine itself names, as PostgreSQL 15 has them.
const (
	OIDBool        OID = 16
	OIDBytea       OID = 17
	OIDChar        OID = 18 // "char", one byte
	OIDName        OID = 19
	OIDInt8        OID = 20
	OIDInt2        OID = 21
	OIDInt4        OID = 23
	OIDRegproc     OID = 24
	OIDText        OID = 25
	OIDOid         OID = 26
	OIDTid         OID = 27
	OIDXid         OID = 28
	OIDJSON        OID = 114
	OIDFloat4      OID = 700
	OIDFloat8      OID = 701
	OIDUnknown     OID = 705
	OIDBpchar      OID = 1042
	OIDVarchar     OID = 1043
	OIDDate        OID = 1082
	OIDTime        OID = 1083
	OIDTimestamp   OID = 1114
	OIDTimestamptz OID = 1184
	OIDInterval    OID = 1186
	OIDTimetz      OID = 1266
	OIDNumeric     OID = 1700
	OIDRegclass    OID = 2205
	OIDRegtype     OID = 2206
	OIDRecord      OID = 2249
	OIDVoid        OID = 2278
	OIDUUID        OID = 2950
	OIDJSONB       OID = 3802
)
