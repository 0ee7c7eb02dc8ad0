package bind

import (
	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// visit calls f for each message of a parse tree, parents first.
func visit(m proto.Message, f func(proto.Message)) {
	f(m)
	m.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Message() == nil:
		case fd.IsList():
			for i := range v.List().Len() {
				visit(v.List().Get(i).Message().Interface(), f)
			}
		default:
			visit(v.Message().Interface(), f)
		}
		return true
	})
}

// walkTree replaces the select lists of a tree.
func walkTree(tree *pg.Node, lists func([]*pg.Node) []*pg.Node) {
	visit(tree, func(m proto.Message) {
		switch s := m.(type) {
		case *pg.SelectStmt:
			s.TargetList = lists(s.TargetList)
		case *pg.InsertStmt:
			s.ReturningList = lists(s.ReturningList)
		case *pg.UpdateStmt:
			s.ReturningList = lists(s.ReturningList)
		case *pg.DeleteStmt:
			s.ReturningList = lists(s.ReturningList)
		}
	})
}
